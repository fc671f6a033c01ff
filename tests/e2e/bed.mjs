// The real Slurm of tests/cluster behind its sshd, for the page's tests. It goes with this process, however that ends.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { root } from "./support.mjs";

const program = join(root, "tests/cluster/bed");

export class Bed {
  /** Up in some seconds; SLUICE_BED=DIR uses one that is up already. */
  static up() {
    const bed = new Bed();
    bed.given = process.env.SLUICE_BED;
    bed.dir = bed.given ?? mkdtempSync(join(tmpdir(), "sluice-bed-"));
    if (!bed.given) bed.run("up", "--quiet", "--with-pid", String(process.pid), "--template", join(root, "build/bed-template"));
    bed.env = JSON.parse(bed.run("env"));
    return bed;
  }

  run(verb, ...words) {
    const done = spawnSync(program, [verb, "--dir", this.dir, ...words], { encoding: "utf8", timeout: 120_000 });
    if (done.status !== 0) throw new Error(`bed ${verb}: ${done.stderr}`);
    return done.stdout;
  }

  /** A Slurm command as root, beside the gateway and all SSH. */
  slurm(...words) {
    return execFileSync(words[0], words.slice(1), { encoding: "utf8", env: { ...process.env, SLURM_CONF: this.env.slurm_conf, LC_ALL: "C" } });
  }

  /** This bed as an entry of clusters.yaml. */
  cluster(name = "alder", user = "ml") {
    const who = this.env.users[user];
    return {
      name, type: "slurm", host: `${who.name}@${this.env.host}`, port: this.env.ssh_port, ssh_key_path: this.env.keys.ed25519, workspace: who.workspace,
      ssh: { known_hosts: this.env.known_hosts, max_logins_per_hour: 1000 },
      poll: { active: 1, pending: 1, gpu: 5, log: 1, max_commands_per_minute: 600 },
    };
  }

  down() {
    if (this.given) return;
    this.run("down");
    rmSync(this.dir, { recursive: true, force: true });
  }
}
