"""Model families: how a folder becomes components, and how a family's transformer is cut. One file a family."""
