"""The only room that knows SpiffWorkflow: reading, checking, drawing and running diagrams."""
