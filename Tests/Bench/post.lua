-- The JSON POST of the bench.
wrk.method = "POST"
wrk.body = '{"ccNumber":"1-1732440000.42","reason":"consultation"}'
wrk.headers["Content-Type"] = "application/json"
