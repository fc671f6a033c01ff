"""A TCP proxy on loopback between a gateway and the bed's sshd, for cuts, hangs, delays and lost replies."""
import socket
import struct
import threading
import time

UP, DOWN = "up", "down"  # client to server, server to client
CHUNK = 65536


class _Pipe:
    """One direction of one connection."""

    def __init__(self, proxy, source, sink, way):
        self.proxy = proxy
        self.source = source
        self.sink = sink
        self.way = way

    def run(self):
        try:
            while data := self.source.recv(CHUNK):
                data = self.proxy.admit(self.way, data)
                if data is None:
                    break
                self.sink.sendall(data)
            else:
                self.sink.shutdown(socket.SHUT_WR)
                return
        except OSError:
            pass
        self.proxy.close_pair(self.source, self.sink)


class Proxy:
    """proxy.port leads to target_port. Everything set here holds for all connections, open and to come.

    cut()            closes what is open (rst=True: by RST); refuse() also turns new ones away, accept() lets them in
    hold(DOWN)       bytes of that way are kept back (the link hangs), release() lets them go
    cut_after(n)     cuts once n further bytes have passed in that way: a stream ends in the middle; rst=True: by RST;
                     hang=True: both ways stand still instead, until release() or cut()
    delay_s          each chunk waits so long
    """

    def __init__(self, target_port):
        self.target_port = target_port
        self.delay_s = 0.0
        self.passed = {UP: 0, DOWN: 0}
        self.connections = 0
        self._lock = threading.Condition()
        self._held = set()
        self._limits = {}
        self._pairs = []
        self._refusing = False
        self._rst = self._hang = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept_all, daemon=True).start()

    # What a test does.

    def cut(self, rst=False):
        with self._lock:
            pairs, self._pairs = self._pairs, []
            self._held.clear()
            self._lock.notify_all()
        for pair in pairs:
            self._close(pair, rst)

    def refuse(self):
        with self._lock:
            self._refusing = True
        self.cut()

    def accept(self):
        with self._lock:
            self._refusing = False

    def hold(self, way):
        with self._lock:
            self._held.add(way)

    def release(self):
        with self._lock:
            self._held.clear()
            self._lock.notify_all()

    def cut_after(self, count, way=UP, rst=False, hang=False):
        with self._lock:
            self._limits[way] = self.passed[way] + count
            self._rst, self._hang = rst, hang

    @property
    def has_cut(self):
        """No cut_after waits for its byte any more."""
        return not self._limits

    @property
    def stands_still(self):
        return bool(self._held)

    def close(self):
        self.refuse()
        self._listener.close()
        self.release()

    # Its insides.

    def admit(self, way, data):
        """What may pass of data, once it may; None ends the connection."""
        if self.delay_s:
            time.sleep(self.delay_s)
        with self._lock:
            while way in self._held:
                self._lock.wait()
            limit = self._limits.get(way)
            if limit is not None and self.passed[way] + len(data) >= limit:
                keep = max(0, limit - self.passed[way])
                del self._limits[way]
                if self._hang:
                    return self._stand_still(way, data, keep)
                data, cut = data[:keep], True
            else:
                cut = False
            self.passed[way] += len(data)
        if not cut:
            return data
        self._send_rest(way, data)
        self.cut(self._rst)
        return None

    def _stand_still(self, way, data, keep):
        """With the lock: the first bytes pass, the others wait with all that follows."""
        self._held |= {UP, DOWN}
        self.passed[way] += keep
        self._send_rest(way, data[:keep])
        while way in self._held:
            self._lock.wait()
        self.passed[way] += len(data) - keep
        return data[keep:]

    def _send_rest(self, way, data):
        for client, server in list(self._pairs)[-1:]:
            try:
                (server if way == UP else client).sendall(data)
            except OSError:
                continue

    def _accept_all(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                self._close((client,), rst=True)
                continue
            self._connect(client)

    def _connect(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target_port), timeout=10)
        except OSError:
            self._close((client,), rst=True)
            return
        server.settimeout(None)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self.connections += 1
            self._pairs.append((client, server))
        for source, sink, way in ((client, server, UP), (server, client, DOWN)):
            threading.Thread(target=_Pipe(self, source, sink, way).run, daemon=True).start()

    def close_pair(self, one, other):
        with self._lock:
            self._pairs = [pair for pair in self._pairs if one not in pair]
        self._close((one, other), rst=False)

    @staticmethod
    def _close(ends, rst):
        for end in ends:
            try:
                if rst:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
