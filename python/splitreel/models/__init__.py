"""Model families behind one border (`family.py`), and how their folders are read. One package per family."""
