"""Training steps written out by hand: forwards, backwards and updates on fixed buffers, without autograd."""
