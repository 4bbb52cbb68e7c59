#!/bin/bash
# enter.sh ROOT COMMAND…: runs COMMAND as root in the file system at ROOT, with its own PID and mount namespaces and this
# machine's network. Uses pivot_root instead of chroot, because the kernel refuses to create user namespaces inside a
# chroot, and Chromium's sandbox needs one.
set -euo pipefail
export SPLITREEL_ROOT=$1
shift
# shellcheck disable=SC2016 # expanded inside
exec unshare --mount --pid --fork --kill-child bash -c '
  set -euo pipefail
  mount --make-rprivate /
  mount --bind "$SPLITREEL_ROOT" "$SPLITREEL_ROOT"
  cd "$SPLITREEL_ROOT"
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount --rbind /dev dev
  mount -t tmpfs -o mode=1777 tmpfs dev/shm
  # Many servers mount /tmp with noexec.
  mount -t tmpfs -o mode=1777,noexec,nosuid tmpfs tmp
  # A unique name, because several commands may run in one root at the same time.
  before=$(mktemp -d .before.XXXXXX)
  pivot_root . "$before"
  umount -l "/$before"
  rmdir "/$before"
  unset SPLITREEL_ROOT
  exec "$@"
' enter "$@"
