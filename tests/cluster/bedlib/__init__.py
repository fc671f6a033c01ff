"""The test bed: munge, MariaDB, slurmdbd, slurmctld, several slurmd and an sshd, all on loopback, without systemd."""
