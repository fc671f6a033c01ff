// A small proxy before a gateway, as a site has one: it hands everything below a path on and answers 404 beside it. It
// can be slow, can refuse, and can answer with an error in the gateway's place.
import { createServer, request } from "node:http";

export class Proxy {
  static async start(gateway) {
    const proxy = new Proxy();
    proxy.gateway = gateway;
    proxy.strays = []; // paths asked for that are not ours
    proxy.fault = undefined; // (path) => status, or nothing
    proxy.open = new Set();
    proxy.server = createServer((asked, answer) => proxy.pass(asked, answer));
    proxy.server.on("connection", (socket) => {
      proxy.open.add(socket);
      socket.on("close", () => proxy.open.delete(socket));
      if (proxy.isCut) socket.destroy();
    });
    await new Promise((done) => proxy.server.listen(0, "127.0.0.1", done));
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}${gateway.basePath}`;
    return proxy;
  }

  pass(asked, answer) {
    const status = this.fault?.(asked.url);
    if (!asked.url.startsWith(`${this.gateway.basePath}/`) || status) {
      if (!status) this.strays.push(asked.url);
      answer.writeHead(status ?? 404, { "Content-Type": "application/problem+json" });
      answer.end(JSON.stringify({ title: "Said by the proxy", status: status ?? 404, detail: `${status ?? 404} for ${asked.url}` }));
      return;
    }
    const onward = request({ host: "127.0.0.1", port: this.gateway.port, path: asked.url, method: asked.method, headers: asked.headers }, (come) => {
      answer.writeHead(come.statusCode, come.headers);
      come.pipe(answer);
      come.on("close", () => { if (!come.complete) answer.destroy(); });
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  }

  /** Breaks every connection and takes no further one; or takes them again. */
  cut(isCut) {
    this.isCut = isCut;
    if (isCut) for (const socket of this.open) socket.destroy();
  }

  stop() {
    this.cut(true);
    return new Promise((done) => this.server.close(done));
  }
}
