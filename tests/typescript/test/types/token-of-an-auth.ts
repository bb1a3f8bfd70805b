import type { AuthenticatedConnectOptions } from '../../build/out/handfast.js';

type Either = { readonly name: string } | { readonly token?: string };
export const token: AuthenticatedConnectOptions<Either>['token'] = () => Promise.resolve('t');
export const open: AuthenticatedConnectOptions<Readonly<Record<string, unknown>>>['token'] = 't';
export const any: AuthenticatedConnectOptions<unknown>['token'] = 't';
export const none: AuthenticatedConnectOptions<{ readonly name: string }> = { auth: { name: 'ada' } };
