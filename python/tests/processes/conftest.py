"""Which tests of processes there are on this machine."""

import os
import shutil

# Network namespaces are root's.
collect_ignore = [] if os.geteuid() == 0 and shutil.which("ip") else ["test_two_hosts.py"]
