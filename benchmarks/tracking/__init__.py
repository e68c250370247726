"""The parts of the tracking benchmark: scenes, the peer, our tracker behind one function, and the scores."""
