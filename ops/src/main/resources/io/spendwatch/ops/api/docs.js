// Nothing is sent to anybody but this node: no validator, no fonts, no frames.
SwaggerUIBundle({
  url: 'openapi.yaml',
  dom_id: '#api',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
