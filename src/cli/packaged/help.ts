/** `splitreel --help`, and the text of the man page. */
export const HELP = `usage: splitreel [COMMAND [FLAGS]]

Without a command, Splitreel opens its window.

Commands:
  generate      make videos without the window (generate --help lists the flags)
  export        copy a video into another format (export --help lists the flags)
  join          join a video and its continuation into one
  doctor        check the driver, GPUs, links, environment, disk and models, and suggest fixes
  environment   install, move, roll back or remove the Python environment
  bundle        collect everything needed to install without a network
  --version     print the version
  --help        print this text

Exit codes of generate: 0 done, 2 invalid request, 3 environment or model, 4 memory, 5 a process died, 130 canceled.

Files: ~/.local/share/splitreel (or SPLITREEL_DATA) contains the environment, settings, queue and logs; ~/.cache/splitreel (or SPLITREEL_CACHE) contains what can be downloaded again. Removing the package keeps both.
`;
