"""Training steps as users write them, right and wrong."""


def plain(model, batch, loss, optimizer):
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def no_zero_grad(model, batch, loss, optimizer):
    x, y = batch
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def no_optimizer_step(model, batch, loss, optimizer):
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    return value


def zero_grad_after_backward(model, batch, loss, optimizer):
    x, y = batch
    value = loss(model(x), y)
    value.backward()
    optimizer.zero_grad()
    optimizer.step()
    return value


def ascends(model, batch, loss, optimizer):
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    (-value).backward()
    optimizer.step()
    return value


def in_eval_mode(model, batch, loss, optimizer):
    model.eval()
    return plain(model, batch, loss, optimizer)


def on_rolled_labels(model, batch, loss, optimizer):
    x, y = batch
    return plain(model, (x, y.roll(1, 0)), loss, optimizer)


def inputs_forgotten(model, batch, loss, optimizer):
    x, y = batch
    return plain(model, (x * 0, y), loss, optimizer)
