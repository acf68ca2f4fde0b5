"""What :mod:`weft.fs` is made of; nothing here is imported before a program asks for it, except the door."""
