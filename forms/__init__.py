"""What people are asked: forms as data, the schema of their answers, and the way through HTML."""
