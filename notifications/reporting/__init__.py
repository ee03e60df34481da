"""Notices in; what will be told, how far it is, and how it went, out. Nothing is changed here."""
