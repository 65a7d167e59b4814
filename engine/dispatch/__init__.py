"""How due work reaches the handler."""
