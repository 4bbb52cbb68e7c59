"""The commands: each parses its flags, composes the packages below and prints."""
