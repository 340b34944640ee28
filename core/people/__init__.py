"""Finding the people a company's website names: pure parsing and judgement, no sockets."""
