"""What goes out to officers: the outbox in SQL, letters, and the ways they are carried (SMTP, files)."""
