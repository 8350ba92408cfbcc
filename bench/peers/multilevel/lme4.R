# lme4 on a CSV: Rscript lme4.R FILE.csv FORMULA FAMILY [NODES]     prints estimates, standard errors and seconds as JSON.
# NODES > 1: adaptive Gauss-Hermite quadrature (one scalar effect only); 1 (its default) is Laplace's approximation.
suppressPackageStartupMessages({library(lme4); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
data <- as.data.frame(data.table::fread(arguments[1], nThread = 1))
formula <- as.formula(arguments[2])
nodes <- if (length(arguments) > 3) as.integer(arguments[4]) else 1L
started <- proc.time()
said <- character()
fit <- withCallingHandlers(
  if (arguments[3] == "gaussian") lmer(formula, data, REML = FALSE) else glmer(formula, data, family = binomial(), nAGQ = nodes),
  warning = function(w) { said <<- c(said, conditionMessage(w)); invokeRestart("muffleWarning") },
  message = function(m) { said <<- c(said, conditionMessage(m)); invokeRestart("muffleMessage") })
spent <- proc.time() - started
estimates <- list()
coefficients <- summary(fit)$coefficients
for (name in rownames(coefficients)) {
  estimates[[sub("(Intercept)", "Intercept", name, fixed = TRUE)]] <- list(estimate = coefficients[name, 1], se = coefficients[name, 2])
}
variances <- as.data.frame(VarCorr(fit))
for (k in seq_len(nrow(variances))) {
  row <- variances[k, ]
  effect <- sub("(Intercept)", "Intercept", row$var1, fixed = TRUE)
  name <- if (row$grp == "Residual") "sigma" else if (is.na(row$var2)) sprintf("sd(%s)[%s]", row$grp, effect) else sprintf("cor(%s)", row$grp)
  estimates[[name]] <- list(estimate = row$sdcor)
}
cat(toJSON(list(
  package = "lme4", version = as.character(packageVersion("lme4")), said = said, estimates = estimates,
  wall = unname(spent["elapsed"]), processor = unname(spent["user.self"] + spent["sys.self"])
), auto_unbox = TRUE, digits = 8), "\n")
