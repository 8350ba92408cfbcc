"""statsmodels on a CSV: python statsmodels_peer.py FILE.csv FORMULA FAMILY     prints estimates, standard errors and seconds as JSON.

Gaussian rows with one factor: MixedLM (maximum likelihood). Binary rows: BinomialBayesMixedGLM by variational Bayes, with
its priors set near the references': sd 2.5 for coefficients, 1 for log sd.
"""

import numpy as np
import statsmodels
import statsmodels.api as sm
from scipy import sparse

from formulas import Clock, answer, parsed, read_arguments, watched

frame, formula, family = read_arguments()
target, predictors, terms = parsed(formula)
clock = Clock()
x = np.column_stack([np.ones(len(frame)), frame[predictors].to_numpy(float)])
names = ["Intercept", *predictors]
if family == "gaussian":
    if len(terms) > 1:
        raise SystemExit("MixedLM has one grouping factor; crossed ones would be a dense matrix of rows x levels.")
    slopes, group = terms[0]
    effects = np.column_stack([np.ones(len(frame)), frame[slopes].to_numpy(float)])
    fit, said = watched(lambda: sm.MixedLM(frame[target].to_numpy(float), x, frame[group].to_numpy(), effects).fit(reml=False))
    estimates = {name: {"estimate": fit.fe_params[k], "se": fit.bse_fe[k]} for k, name in enumerate(names)}
    covariance = np.asarray(fit.cov_re)
    sds = np.sqrt(np.diag(covariance))
    estimates |= {f"sd({group})[{effect}]": {"estimate": sd} for effect, sd in zip(["Intercept", *slopes], sds)}
    if slopes:
        estimates[f"cor({group})"] = {"estimate": covariance[0, 1] / sds[0] / sds[1]}
    estimates["sigma"] = {"estimate": np.sqrt(fit.scale)}
else:
    blocks, kinds, labels = [], [], []
    for slopes, group in terms:
        codes = frame[group].astype("category").cat.codes.to_numpy()
        for effect in ["Intercept", *slopes]:
            values = np.ones(len(frame)) if effect == "Intercept" else frame[effect].to_numpy(float)
            blocks.append(sparse.csr_matrix((values, (np.arange(len(frame)), codes))))
            kinds.append(np.full(blocks[-1].shape[1], len(labels)))
            labels.append(f"sd({group})[{effect}]")
    model = sm.BinomialBayesMixedGLM(
        frame[target].to_numpy(float), x, sparse.hstack(blocks).tocsr(), np.concatenate(kinds), vcp_p=1, fe_p=2.5,
        fep_names=names, vcp_names=labels, vc_names=None,
    )
    fit, said = watched(lambda: model.fit_vb(scale_fe=False))
    estimates = {name: {"estimate": fit.fe_mean[k], "se": fit.fe_sd[k]} for k, name in enumerate(names)}
    # log sd has a normal law: its mean and sd as those of the sd.
    estimates |= {
        label: {"estimate": np.exp(m + s * s / 2), "se": np.exp(m + s * s / 2) * np.sqrt(np.expm1(s * s))}
        for label, m, s in zip(labels, fit.vcp_mean, fit.vcp_sd)
    }
answer("statsmodels", statsmodels.__version__, estimates, clock.spent(), said)
