"""posteriors' sgld (PyTorch): its update in a loop of Python, as its documentation has it."""

from importlib.metadata import version

import posteriors
import torch

from steps import BATCH, COLUMNS, RATE, ROWS, measure, read_arguments, table

options = read_arguments(4_000)
# One core: threads of its own would only get in each other's way on ten rows.
torch.set_num_threads(1)
x, y = map(torch.from_numpy, table())


def log_posterior(parameters, batch):
    features, targets = batch
    logits = features @ parameters
    # Of one row: mean log-likelihood and the prior's share.
    likelihood = -torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)
    return likelihood - 0.5 * torch.sum(parameters**2) / ROWS, torch.tensor([])


# Its rate is that of the mean of the rows, with temperature 1/N: θ + lr ∇ + √(2 lr T) z.
transform = posteriors.sgmcmc.sgld.build(log_posterior, lr=0.5 * RATE * ROWS, temperature=1 / ROWS)


def run(repeat):
    torch.manual_seed(repeat)
    state = transform.init(torch.zeros(COLUMNS))
    for _ in range(options.steps):
        rows = torch.randint(ROWS, (BATCH,))
        state, _ = transform.update(state, (x[rows], y[rows]))
    return state.params.detach()


measure(version("posteriors"), options.steps, options.repeats, run)
