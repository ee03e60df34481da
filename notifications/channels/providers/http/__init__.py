"""Calls over HTTP, and what an answer or its absence means."""
