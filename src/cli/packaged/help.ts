/** `splitreel --help`, and the text of the man page. */
export const HELP = `usage: splitreel [COMMAND [FLAGS]]

Without a command: opens the window.

Commands:
  generate      make videos without the window (generate --help lists the flags)
  export        copy a video into another format (export --help lists the flags)
  join          join a video and its continuation into one
  doctor        check driver, GPUs, links, environment, disk and models, and say what to do
  environment   install, move, roll back or remove the Python environment
  bundle        make an installation for a computer without a network
  --version     print the version
  --help        print this text

Exit codes of generate: 0 made, 2 the request is invalid, 3 environment or model, 4 memory, 5 a process died, 130 cancelled.

Files: ~/.local/share/splitreel (or SPLITREEL_DATA) holds the environment, settings, queue and logs; ~/.cache/splitreel (or SPLITREEL_CACHE) holds what can be downloaded again. Neither is removed with the package.
`;
