"""What ArviZ makes of a saved fit, as JSON: its groups, what each netCDF engine of xarray reads, and its summary, unrounded.

    python arviz-summary.py fit.nc draws_1.csv draws_2.csv …
"""
import json
import math
import sys
import warnings

warnings.filterwarnings("ignore")

import arviz as az
import cmdstanpy
import xarray as xr

path, *chains = sys.argv[1:]


def plain(value):
    value = float(value)
    return value if math.isfinite(value) else None


def summary(data):
    table = az.summary(data, round_to="none", hdi_prob=0.94)
    return [{"name": name, **{key: plain(v) for key, v in row.items()}} for name, row in table.iterrows()]


def described(engine):
    with xr.open_dataset(path, group="posterior", engine=engine) as posterior:
        return {
            "dims": {name: list(variable.dims) for name, variable in posterior.data_vars.items()},
            "sizes": {name: int(size) for name, size in posterior.sizes.items()},
            "names": {name: variable.attrs.get("long_name") for name, variable in posterior.data_vars.items()},
            "sum": {name: float(variable.sum()) for name, variable in posterior.data_vars.items()},
        }


def statistics(data):
    if "sample_stats" not in data:
        return None
    return {name: [str(values.dtype), plain(values.mean())] for name, values in data.sample_stats.data_vars.items()}


data = az.from_netcdf(path)
result = {
    "groups": data.groups(),
    "engines": {engine: described(engine) for engine in ("netcdf4", "h5netcdf")},
    "attributes": {name: str(data.attrs[name]) for name in data.attrs},
    "summary": summary(data),
    "statistics": statistics(data),
}
if "observed_data" in data:
    result["observed"] = {name: values.values.tolist() for name, values in data.observed_data.data_vars.items()}
if "log_likelihood" in data:
    loo = az.loo(data, pointwise=True)
    result["loo"] = {name: float(loo[name]) for name in ["elpd_loo", "se", "p_loo", "n_samples", "n_data_points", "good_k"]}
    result["loo"] |= {"dims": list(data.log_likelihood[next(iter(data.log_likelihood.data_vars))].dims)}
    result["loo"] |= {"loo_i": loo.loo_i.values.tolist(), "pareto_k": loo.pareto_k.values.tolist()}
if chains:
    result["cmdstan"] = summary(az.from_cmdstan(chains))
    fit = cmdstanpy.from_csv(chains)
    result["cmdstanpy"] = {"columns": list(fit.column_names), "draws": list(fit.draws().shape)}
print(json.dumps(result, allow_nan=False))
