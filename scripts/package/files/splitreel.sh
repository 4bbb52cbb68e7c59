#!/bin/sh
# Opens the window, or runs a command in the terminal. A command needs no display and loads no web page: it runs before
# Chromium starts, so it needs no sandbox.
here=$(dirname -- "$(readlink -f -- "$0")")
app=${here%/bin}@APP@

machine=$(uname -m)
if [ "$machine" != x86_64 ]; then
  echo "This Splitreel package is for x86-64 computers; this computer is $machine." >&2
  exit 1
fi
# Package managers put the manifest in place last.
if [ ! -x "$app/splitreel" ] || [ ! -r "$app/resources/manifest.json" ]; then
  echo "Splitreel isn't completely installed. Reinstall the package; your videos, models and settings stay." >&2
  exit 1
fi

case "${1:-}" in
  "") ;;
  -h | --help | --version | generate | export | join | doctor | environment | bundle)
    exec "$app/splitreel" --no-sandbox -- "$@"
    ;;
  -*) ;;
  *)
    echo "splitreel: unknown command '$1'. Run 'splitreel --help' for a list." >&2
    exit 2
    ;;
esac

if [ "$(id -u)" = 0 ]; then
  echo "Splitreel's window can't be opened as root, because Chromium's sandbox doesn't work there. Start it as an ordinary user." >&2
  exit 1
fi
if [ -z "${DISPLAY:-}" ] && [ -z "${WAYLAND_DISPLAY:-}" ]; then
  echo "There is no display to open the window on. To make videos in the terminal, use 'splitreel generate'." >&2
  exit 1
fi
if [ ! -u "$app/chrome-sandbox" ] && ! unshare --user --map-root-user true 2>/dev/null; then
  if [ -n "${APPIMAGE:-}" ]; then
    echo "Splitreel doesn't run without Chromium's sandbox, and this system doesn't let an AppImage create one. Install the .deb or .rpm package instead." >&2
    exit 1
  fi
  echo "Splitreel doesn't run without Chromium's sandbox, and this system doesn't let ordinary users create one. Install the .deb or .rpm package, or run this once: sudo chown root:root '$app/chrome-sandbox' && sudo chmod 4755 '$app/chrome-sandbox'" >&2
  exit 1
fi
exec "$app/splitreel" "$@"
