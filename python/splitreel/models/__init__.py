"""Model families behind one interface (`family.py`), and how their folders are read. One package per family."""
