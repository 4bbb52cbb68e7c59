"""`python -I FOLDER COMMAND`, where FOLDER is the one this file is in: runs the package that lies beside it.

Python puts FOLDER first on its path, even with `-I`. The caller thus names the code to run, and several checkouts can
share one environment. `bench NAME` runs a benchmark; every other command is one of `python -m splitreel`.
"""

import sys


def _run(arguments: list[str]) -> int:
    from splitreel.commands.streams import protect_streams

    protect_streams()
    if arguments[:1] == ["bench"]:
        from splitreel.bench.__main__ import main as bench

        return bench(arguments[1:])
    from splitreel.commands.cli import main

    return main(arguments)


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
