"""What we say: templates, audiences, approval's subject, sending and tracking."""
