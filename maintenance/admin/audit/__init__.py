"""Under every page: what it changes is in the log; and the page of the log itself."""
