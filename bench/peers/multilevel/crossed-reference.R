# The reference of a gaussian model of two crossed factors: `Rscript crossed-reference.R TABLE FORMULA OUT`.
# lme4's deviance at any variances has the effects and the coefficients integrated out exactly, so that the posterior of the two sds and sigma is known up
# to its constant, and is summed over a grid; coefficients are normal at each point of it. The priors are ornstein's defaults: half-student-t(3, 0, 2.5) of the
# sds and sigma; those of the coefficients, normal(0, 2.5), are far wider than the posterior and are left flat. Nothing is drawn.
suppressMessages(library(lme4))

arguments <- commandArgs(trailingOnly = TRUE)
table <- read.csv(arguments[1])
formula <- as.formula(arguments[2])
mode <- lmer(formula, table)
deviance <- lmer(formula, table, devFunOnly = TRUE)
rows <- nrow(table)
size <- length(fixef(mode))

log_prior <- function(sd) -2 * log(1 + (sd / 2.5)^2 / 3)
at <- function(sds, sigma) {
  deviance(sds / sigma)
  around <- environment(deviance)
  penalised <- around$resp$wrss() + around$pp$sqrL(1)
  log_density <- -0.5 * (around$pp$ldL2() + around$pp$ldRX2() + 2 * (rows - size) * log(sigma) + penalised / sigma^2) +
    sum(log_prior(sds)) + log_prior(sigma) + sum(log(sds)) + log(sigma)
  c(log_density, around$pp$beta(1), sigma^2 * diag(chol2inv(around$pp$RX())))
}

centre <- log(c(getME(mode, "theta") * sigma(mode), sigma(mode)))
# Of their logarithms, roughly; the grid has five of these to each side.
width <- 1.6 / sqrt(2 * c(sapply(ranef(mode), nrow), rows))
steps <- seq(-5, 5, length.out = 13)
axes <- lapply(1:3, function(k) exp(centre[k] + width[k] * steps))
grid <- expand.grid(1:13, 1:13, 1:13)
points <- cbind(axes[[1]][grid[, 1]], axes[[2]][grid[, 2]], axes[[3]][grid[, 3]])
found <- apply(points, 1, function(point) at(point[1:2], point[3]))
weights <- exp(found[1, ] - max(found[1, ]))
weights <- weights / sum(weights)
# A grid that is too narrow would have weight at its faces.
faces <- apply(grid, 1, function(place) any(place %in% c(1, 13)))
stopifnot(sum(weights[faces]) < 1e-4)

entry <- function(name, mean, sd) sprintf('"%s": {"mean": %.12g, "sd": %.12g}', name, mean, sd)
of_values <- function(name, values) {
  mean <- sum(weights * values)
  entry(name, mean, sqrt(sum(weights * (values - mean)^2)))
}
coefficients <- sapply(seq_len(size), function(k) {
  means <- found[1 + k, ]
  mean <- sum(weights * means)
  name <- sub("(Intercept)", "Intercept", names(fixef(mode))[k], fixed = TRUE)
  entry(name, mean, sqrt(sum(weights * ((means - mean)^2 + found[1 + size + k, ]))))
})
factors <- names(getME(mode, "cnms"))
variances <- c(sapply(1:2, function(k) of_values(sprintf("sd(%s)[Intercept]", factors[k]), points[, k])), of_values("sigma", points[, 3]))
writeLines(sprintf('{"method": "effects integrated out exactly, variances summed over a grid (bench/peers/multilevel/crossed-reference.R)", "rows": %d,\n "posterior": {\n  %s\n }}',
  rows, paste(c(coefficients, variances), collapse = ",\n  ")), arguments[3])
