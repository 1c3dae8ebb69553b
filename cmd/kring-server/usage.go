package main

const usage = `Usage: kring-server [/path/to/redis.conf] [-] [--option value ...]

  kring-server                                   serve with the default options
  kring-server /etc/kring/kring.conf             read a configuration file
  kring-server /etc/kring/kring.conf --port 7000 options after the file win
  echo 'maxclients 100' | kring-server -         read the configuration from standard input
  kring-server -h | --help                       this text
  kring-server -v | --version                    the version
  kring-server --options-markdown                the options as docs/OPTIONS.md
  kring-server --commands-markdown               the commands as docs/COMPATIBILITY.md

The file has one option in a line, "name value", with # for comments; include reads
another file. Memory sizes take the units k kb m mb g gb (kb is 1024, k is 1000).
`
