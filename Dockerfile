# The image has no build step of its own: what it installs is the lock, and what it runs is the checkout.
FROM python:3.11-slim

ENV MANAGE_NO_VENV=1 PYTHONUNBUFFERED=1
WORKDIR /srv/lull
COPY requirements/app.txt requirements/app.txt
RUN pip install --no-cache-dir --require-hashes --requirement requirements/app.txt
COPY . .
RUN useradd --system lull
USER lull
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8"]
