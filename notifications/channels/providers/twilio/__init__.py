"""SMS by Twilio: sent, asked about, and its codes read."""
