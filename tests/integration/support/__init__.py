"""What the integration tests stand on: the bed, a gateway of their own, example projects."""
