"""What is printed: for people as tables and lines, for programs as JSON and other forms."""
