# glmmTMB on a CSV: Rscript glmmtmb.R FILE.csv FORMULA FAMILY     prints estimates, standard errors and seconds as JSON.
# Standard errors of variance parameters are those of log sd, times the sd.
suppressPackageStartupMessages({library(glmmTMB); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
data <- as.data.frame(data.table::fread(arguments[1], nThread = 1))
started <- proc.time()
said <- character()
fit <- withCallingHandlers(
  glmmTMB(as.formula(arguments[2]), data, family = if (arguments[3] == "gaussian") gaussian() else binomial()),
  warning = function(w) { said <<- c(said, conditionMessage(w)); invokeRestart("muffleWarning") },
  message = function(m) { said <<- c(said, conditionMessage(m)); invokeRestart("muffleMessage") })
coefficients <- summary(fit)$coefficients$cond
spent <- proc.time() - started
estimates <- list()
for (name in rownames(coefficients)) {
  estimates[[sub("(Intercept)", "Intercept", name, fixed = TRUE)]] <- list(estimate = coefficients[name, 1], se = coefficients[name, 2])
}
terms <- VarCorr(fit)$cond
logs <- sqrt(diag(vcov(fit, full = TRUE)))
logs <- logs[grepl("^theta", names(logs))]
at <- 0
for (group in names(terms)) {
  sds <- attr(terms[[group]], "stddev")
  for (k in seq_along(sds)) {
    name <- sprintf("sd(%s)[%s]", group, sub("(Intercept)", "Intercept", names(sds)[k], fixed = TRUE))
    estimates[[name]] <- list(estimate = unname(sds[k]), se = unname(sds[k] * logs[at + k]))
  }
  at <- at + length(sds) * (length(sds) + 1) / 2
  if (length(sds) == 2) estimates[[sprintf("cor(%s)", group)]] <- list(estimate = attr(terms[[group]], "correlation")[1, 2])
}
if (arguments[3] == "gaussian") estimates[["sigma"]] <- list(estimate = sigma(fit))
cat(toJSON(list(
  package = "glmmTMB", version = as.character(packageVersion("glmmTMB")), said = said, estimates = estimates,
  wall = unname(spent["elapsed"]), processor = unname(spent["user.self"] + spent["sys.self"])
), auto_unbox = TRUE, digits = 8), "\n")
