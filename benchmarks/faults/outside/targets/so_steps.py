"""Training steps as their authors wrote them, right and wrong."""


def usual(model, batch, loss, optimizer):
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def gradients_kept(model, batch, loss, optimizer):
    """zero_grad was forgotten."""
    x, y = batch
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value
