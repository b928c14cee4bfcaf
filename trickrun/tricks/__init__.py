"""The tricks: one file each, one folder a section; the folder's files are its list."""
