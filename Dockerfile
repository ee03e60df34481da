# The image has no build step of its own: what it installs is the lock, and what it runs is the checkout.
FROM python:3.11-slim

ENV MANAGE_NO_VENV=1 PYTHONUNBUFFERED=1
WORKDIR /srv/lull
# ses to send by Amazon SES
ARG LOCK=app
COPY requirements/$LOCK.txt requirements/$LOCK.txt
RUN pip install --no-cache-dir --require-hashes --requirement requirements/$LOCK.txt
COPY . .
RUN useradd --system lull
USER lull
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8"]
