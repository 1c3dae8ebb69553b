package main

const usage = `Usage: kring-server [/path/to/redis.conf] [-] [--option value ...]

  kring-server                                   serve with the default options
  kring-server /etc/kring/kring.conf             read a configuration file
  kring-server /etc/kring/kring.conf --port 7000 options after the file win
  echo 'maxclients 100' | kring-server -         read the configuration from standard input
  kring-server --check-config /etc/kring/kring.conf [--option value ...]
                                                 tell what is wrong in it or without effect,
                                                 and start nothing; the exit code is 1 if
                                                 a server would not start with it
  kring-server --check-rdb dump.rdb              tell what is in a snapshot, or where it breaks
  kring-server --check-aof appendonlydir         the same for an AOF: its directory, manifest
                                                 or one file. Both start and change nothing;
                                                 the exit code is 1 if something is wrong
  kring-server -h | --help                       this text
  kring-server -v | --version                    the version
  kring-server --options-markdown                the options as docs/OPTIONS.md
  kring-server --commands-markdown               the commands as docs/COMPATIBILITY.md

The file has one option in a line, "name value", with # for comments; include reads
another file. Memory sizes take the units k kb m mb g gb (kb is 1024, k is 1000).
SIGTERM and SIGINT end the server cleanly, a second one at once. The exit code is 0 after
a clean end, 1 otherwise. docs/OPTIONS.md says more of each option; its state here:
"no effect yet" is taken and warns, "accepted, no effect" is taken silently.
`
