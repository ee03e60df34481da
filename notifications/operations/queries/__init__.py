"""Questions of what waits and how long it took, which do not grow with the queue."""
