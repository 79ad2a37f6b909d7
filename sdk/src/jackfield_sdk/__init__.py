"""What an author needs to write a Jackfield plugin."""
