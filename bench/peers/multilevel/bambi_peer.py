"""Bambi (NUTS in PyMC, sampled by nutpie) on a CSV: python bambi_peer.py FILE.csv FORMULA FAMILY     prints means, sds and seconds as JSON.

With the references' priors: normal(0, 2.5), normal(0, 10) for the intercept, half-student-t(3, 2.5), exponential(1). Slopes and intercepts of a group are
independent: Bambi has no correlation between effects.
"""

import arviz
import bambi
import numpy as np

from formulas import Clock, answer, parsed, read_arguments, watched


def main():
    frame, formula, family = read_arguments()
    target, predictors, terms = parsed(formula)
    clock = Clock()
    normal = bambi.Prior("Normal", mu=0, sigma=2.5)
    wide = bambi.Prior("Normal", mu=0, sigma=10)
    grouped = bambi.Prior("Normal", mu=0, sigma=bambi.Prior("HalfStudentT", nu=3, sigma=2.5))
    priors = {"Intercept": wide, **dict.fromkeys(predictors, normal)}
    for slopes, group in terms:
        priors |= {f"1|{group}": grouped, **{f"{slope}|{group}": grouped for slope in slopes}}
        frame[group] = frame[group].astype(str)
    if family == "gaussian":
        priors["sigma"] = bambi.Prior("Exponential", lam=1)
    # Rows of 0 and 1 are bernoulli here, what R calls binomial.
    model = bambi.Model(formula, frame, family="gaussian" if family == "gaussian" else "bernoulli", priors=priors)
    fit, said = watched(lambda: model.fit(
        draws=1000, tune=1000, chains=4, cores=1, random_seed=1, inference_method="nutpie", progressbar=False,
    ))
    spent = clock.spent()
    estimates = {}
    renamed = {f"1|{group}_sigma": f"sd({group})[Intercept]" for _, group in terms}
    renamed |= {f"{slope}|{group}_sigma": f"sd({group})[{slope}]" for slopes, group in terms for slope in slopes}
    for name in ["Intercept", *predictors, *renamed, *(["sigma"] if family == "gaussian" else [])]:
        draws = fit.posterior[name].values
        estimates[renamed.get(name, name)] = {"estimate": draws.mean(), "se": draws.std()}
    rhat = max(float(np.max(arviz.rhat(fit, var_names=[name])[name].values)) for name in ["Intercept", *renamed])
    said.append(f"largest R-hat {rhat:.3f}")
    answer("bambi", bambi.__version__, estimates, spent, said)


if __name__ == "__main__":
    main()
