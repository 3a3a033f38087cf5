window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: "{% url 'api-schema' %}?format=json",
    dom_id: "#swagger",
    deepLinking: true,
    displayRequestDuration: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
      if (token) request.headers["X-CSRFToken"] = decodeURIComponent(token[1]);
      return request;
    },
  });
});
