"""What is derived from the declarations: JSON Schema, AsyncAPI, REST's inputs, TypeScript, the tables of the docs."""
