"""GPBoost on a CSV: python gpboost_peer.py FILE.csv FORMULA FAMILY     prints estimates, standard errors and seconds as JSON."""

import gpboost
import numpy as np

from formulas import Clock, answer, parsed, read_arguments, watched

frame, formula, family = read_arguments()
target, predictors, terms = parsed(formula)
clock = Clock()
groups = frame[[group for _, group in terms]].to_numpy()
slopes = [(frame[slope].to_numpy(float), k + 1) for k, (names, _) in enumerate(terms) for slope in names]
options = {"group_data": groups, "likelihood": "gaussian" if family == "gaussian" else "bernoulli_logit"}
if slopes:
    # Slopes are independent of intercepts: GPBoost has no correlation between effects.
    options |= {"group_rand_coef_data": np.column_stack([z for z, _ in slopes]), "ind_effect_group_rand_coef": [k for _, k in slopes]}
model = gpboost.GPModel(**options)
x = np.column_stack([np.ones(len(frame)), frame[predictors].to_numpy(float)])
_, said = watched(lambda: model.fit(y=frame[target].to_numpy(float), X=x))
# Rows: estimates, standard errors.
coefficients = np.atleast_2d(model.get_coef(std_err=True, format_pandas=False))
variances = np.atleast_2d(model.get_cov_pars(std_err=True, format_pandas=False))
spent = clock.spent()
names = [] if family != "gaussian" else ["sigma"]
names += [f"sd({group})[Intercept]" for _, group in terms] + [f"sd({group})[{slope}]" for slopes_of, group in terms for slope in slopes_of]
estimates = {
    name: {"estimate": coefficients[0, k], "se": coefficients[1, k] if len(coefficients) > 1 else None}
    for k, name in enumerate(["Intercept", *predictors])
}
for k, name in enumerate(names):
    sd = np.sqrt(variances[0, k])
    estimates[name] = {"estimate": sd, "se": variances[1, k] / (2 * sd) if len(variances) > 1 and sd > 0 else None}
answer("gpboost", gpboost.__version__, estimates, spent, said)
