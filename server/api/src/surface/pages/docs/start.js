SwaggerUIBundle({
  dom_id: "#ui",
  url: "/openapi/tacit.json",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  displayRequestDuration: true,
});
