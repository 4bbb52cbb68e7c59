"""What both languages share: messages between processes, errors and their text. Pure."""
