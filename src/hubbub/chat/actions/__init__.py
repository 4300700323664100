"""What users do in rooms, one noun a file: check, do, and publish after the commit."""
